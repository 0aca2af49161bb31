"""The engine on llama.cpp's C interface. The only package that imports llama_cpp."""
