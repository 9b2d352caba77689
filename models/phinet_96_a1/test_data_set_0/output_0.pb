
BlogitsJ(Ä|x¾@ñ¢?¼BR¾IF*¿'£Å>îJy?¿”¿f(n?¤‰¢>êa½