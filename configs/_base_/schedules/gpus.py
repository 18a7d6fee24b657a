# Images a GPU for a training on one, 8 and 32 GPUs: 16, 64 and 128 an
# iteration. The rate follows by itself (`auto_scale_lr`): in proportion for
# SGD (Goyal et al. 2017), by the square root for Adam, after a warm-up of 500
# iterations or an epoch. benchmarks/training-cost.md has the values. With less
# memory: half of the images and `optim_wrapper.accumulative_counts=2`.
# `train_dataloader = _base_.on_8_gpus`, and `--amp` on the command line.
on_1_gpu = dict(batch_size=16, num_workers=16)
on_8_gpus = dict(batch_size=8, num_workers=8)
on_32_gpus = dict(batch_size=4, num_workers=4)
