# Validation, tests and saved weights use the average of the weights over
# training (Tarvainen and Valpola, NIPS 2017; the momentum of YOLOX, which is
# high at first). The average reaches back 1 / momentum = 5,000 iterations,
# half of an epoch of DeepLesion at two images each; it does so after about
# 17,000, since the momentum falls by exp(-iterations / gamma) with gamma=2000.
# For a batch of n images multiply `momentum` by n / 2 and divide `gamma` by it,
# or the average is that of a few iterations. Mining uses the weights in
# training.
ema = dict(type='EMAHook', ema_type='ExpMomentumEMA', momentum=0.0002)
# For a training of about 1,000 iterations: 100 iterations back.
ema_short = dict(ema, momentum=0.01, gamma=40)
