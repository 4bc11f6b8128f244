# needs: PIL
# Pictures.
# %%
import numpy as np
from PIL import Image, ImageDraw
image = Image.new("RGB", (16, 16), "white")
draw = ImageDraw.Draw(image)
draw.rectangle((2, 2, 8, 8), fill="red")
pixels = np.asarray(image)
pixels.shape, pixels[5, 5].tolist()
# %%
draw.ellipse((9, 9, 14, 14), outline="blue")
image.getpixel((9, 11)), image.getcolors()
# %%
gray = np.asarray(image.convert("L")).astype(float)
edges = np.abs(np.diff(gray, axis=0)) > 50
int(edges.sum()), image.resize((4, 4)).tobytes()[:6]
