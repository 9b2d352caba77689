BoutputJè
€