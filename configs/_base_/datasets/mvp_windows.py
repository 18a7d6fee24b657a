# MVP-Net's three windows of every slice: soft tissue, lung and bone
# (ImageIO.py of urmagicsmine/MVP-Net).
mvp_windows = dict(
    type='mmuldor.WindowHU',
    windows=[(-174, 274), (-1493, 484), (-534, 1425)])
