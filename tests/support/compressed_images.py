"""Small compressed images, encoded by imagecodecs 2026.3.6 (base 85)."""

import base64

import numpy as np

# jpeg_encode(level=100, bitspersample=12) of four flat blocks of 8 x 8.
_JPEG_12 = (
    '|JeWF01!$>Nk#wx0RR9200961|JwjV009930RaI40RaI40RaI40RaI40RaI40RaI40RaI4'
    '0RaI40RaI40RaI40RaI40RaI40RaI40RaI40RaI40sp}O3k(1d01yEI5di<h02TlN0RaF2'
    '00000000000000E4G;gs02B}b00000000000000000000|Jncu0RaF2KLF4F0N2n6Fc1D8'
    '|Je'
)
# htj2k_encode of the ramp, reversible; as RPCL with TLM markers; with
# level=0.001, irreversible; of the ramp less 1000, signed.
_HTJ2K = (
    '|4;u>04YEK0000800006000000000000008000060000000000009pH0sl|{2mk^A000XA'
    'QUDA90ssL31q1{@0smY86Cj9?kdTm&kdTm&kdTmwh=~7W02crOPjF>!N>E53R%LP^FfKAS'
    'E;BCwkN^q*00000S^xq6lfVEbh4TdmbN~PVzyK1!022TP0ta*elJ*0KbO68r6F>kH0DOD_'
    'f^-0>sQ^MW0Kfn$U;q_>C=}|TLNNk%08VwPQ=R(2Qh~m<0RPz'
)
_HTJ2K_RPCL = (
    '|4;u>04YEK0000800006000000000000008000060000000000009pH0sl|{2mk^A000XA'
    'QUDA90ssL31q1{@0smY86Cj9?kdTm&kdTm&kdTmwh=~7W02crOPjF>!N>E53R%LP^FfKAS'
    'E;BCwRR9VAU;qFB003J5kN^q*00000S^xq6lfVEbh4TdmbN~PVzyK1!022TP0ta*elJ*0K'
    'bO68r6F>kH0DOD_f^-0>sQ^MW0Kfn$U;q_>C=}|TLNNk%08VwPQ=R(2Qh~m<0RPz'
)
_HTJ2K_LOSSY = (
    '|4;u>04YEK0000800006000000000000008000060000000000009pH0sl|{2mk^A001Qa'
    'QUDA90ssL31q1{@0RLP7BO-@%hed})hZlcbe_Ve(cdB=)cfw#bU^QTPSQ=OwXTSes02crO'
    'PjF>!N>E53R%LP^FfKASE;BCwkN^q*00000NdN)=lfVE>-~9xKbN~PVzyT}(5`g3Y2Xp`g'
    '0f%$|zyy#1Ao?P60PPAh0Kf?#1yK02;{d7<0RDMB&(O92|Je'
)
_HTJ2K_SIGNED = (
    '|4;u>04YEK000080000600000000000000800006000000000000EBy0sl|{2mk^A000XA'
    'QUDA90ssL31q1{@0smY86Cj9?kdTm&kdTm&kdTmwh=~7W02crOPjF>!N>E53R%LP^FfKAS'
    'E;BCwkN^q*00000S^xq6lfVEbsQdzlbN~PVzyK1!022TP0ta*elJ*0KbO68r6F>kH0DOD_'
    'f^-0>sQ^MW0Kfn$U;q_>C=}|TLNNk%08VwPQ=R(2Qh~m<0RPz'
)
# Values of the JPEG image: the corners of what 12 bits can say, and between.
BLOCKS = np.kron([[0, 1000], [2048, 4095]], np.ones((8, 8), dtype=int))
# Values of the others.
RAMP = np.arange(48).reshape(6, 8) * 85

JPEG_12, HTJ2K, HTJ2K_RPCL, HTJ2K_LOSSY, HTJ2K_SIGNED = map(
    base64.b85decode,
    (_JPEG_12, _HTJ2K, _HTJ2K_RPCL, _HTJ2K_LOSSY, _HTJ2K_SIGNED),
)
