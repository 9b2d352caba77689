
Binput_0J<g1’ƒo§[Äoˆœ¶}w§…³h£À»†hp3”W‚™…QXrb_WmgRŠÈÆ‚s¯‡>@²ÃH€“³»ƒT