BoutputJ÷ÝÙ0£IiG
Ë
€