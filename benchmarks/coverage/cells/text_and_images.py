# Language, documents and pictures.

# %% library: spacy
import spacy
from spacy.matcher import Matcher
from spacy.tokens import DocBin, Span
# %% blank pipeline
nlp = spacy.blank("en")
sentencizer = nlp.add_pipe("sentencizer")
(nlp.pipe_names, [s.text for s in nlp("One. Two three.").sents])
# %% Doc
parsed = spacy.blank("en")("Hello brave world")
parsed.user_data["k"] = 1
([token.text for token in parsed], parsed.user_data, parsed[1].i)
# %% Span and Token
held = spacy.blank("en")("a b c d")
span, token = held[1:3], held[0]
(span.text, token.text, span.doc is held)
# %% Matcher
matcher_nlp = spacy.blank("en")
matcher = Matcher(matcher_nlp.vocab)
matcher.add("G", [[{"LOWER": "hello"}]])
[(start, end) for _, start, end in matcher(matcher_nlp("well Hello"))]
# %% Vocab
vocab = spacy.blank("en").vocab
number = vocab.strings.add("unusual")
(vocab.strings[number], vocab["unusual"].text)
# %% DocBin
packed = DocBin(docs=[spacy.blank("en")("x y")])
len(packed)

# %% library: nltk
import nltk
from nltk.stem import PorterStemmer, SnowballStemmer
# %% PorterStemmer
porter = PorterStemmer()
porter.stem("running")
# %% FreqDist
frequencies = nltk.FreqDist("a b a c".split())
(frequencies.most_common(1), frequencies.freq("a"))
# %% ConditionalFreqDist
conditional = nltk.ConditionalFreqDist([("x", 1), ("x", 2), ("y", 1)])
(sorted(conditional.conditions()), conditional["x"].N())
# %% Tree
tree = nltk.Tree.fromstring("(S (NP a) (VP b))")
(tree.leaves(), tree.label(), str(tree))
# %% CFG and parser
grammar = nltk.CFG.fromstring("S -> A B\nA -> 'a'\nB -> 'b'")
parser = nltk.ChartParser(grammar)
[str(found) for found in parser.parse(["a", "b"])]
# %% NaiveBayesClassifier
classifier = nltk.NaiveBayesClassifier.train([({"f": 1}, "x"), ({"f": 2}, "y")])
(classifier.classify({"f": 2}), sorted(classifier.labels()))
# %% RegexpTokenizer
tokenizer = nltk.RegexpTokenizer(r"\w+")
tokenizer.tokenize("a, b")
# %% Text
text = nltk.Text("the cat the dog".split())
(text.count("the"), text.vocab().N())

# %% library: gensim needs: numpy scipy
import gensim
from gensim.models import LdaModel, TfidfModel, Word2Vec
TEXTS = [["cat", "dog"], ["dog", "fish"], ["cat", "fish", "fish"]]
# %% Dictionary
dictionary = gensim.corpora.Dictionary(TEXTS)
(sorted(dictionary.token2id), dictionary.doc2bow(["cat", "cat"]))
# %% Word2Vec
vectors = Word2Vec(TEXTS, vector_size=4, min_count=1, seed=1, workers=1)
(vectors.wv["cat"].round(6).tolist(), vectors.wv.most_similar("cat", topn=1)[0][0])
# %% TfidfModel
weights = TfidfModel([[(0, 1), (1, 1)], [(1, 1)]])
[(i, round(v, 6)) for i, v in weights[[(0, 1), (1, 1)]]]
# %% LdaModel
topics = LdaModel([[(0, 1)], [(1, 2)]], id2word={0: "a", 1: "b"}, num_topics=2, random_state=1)
topics.get_topics().round(5).tolist()

# %% library: beautifulsoup4 needs: lxml
from bs4 import BeautifulSoup
# %% BeautifulSoup
soup = BeautifulSoup("<p class='a'>x<b>y</b></p>", "html.parser")
(soup.p["class"], soup.b.string, str(soup))
# %% Tag
page = BeautifulSoup("<ul><li>1</li><li>2</li></ul>", "html.parser")
items = page.find_all("li")
(items[1].text, items[0].find_next_sibling() is items[1], items[0].parent is page.ul)

# %% library: lxml
import lxml.etree, lxml.html, lxml.objectify
# %% Element
element = lxml.etree.fromstring("<a x='1'><b>t</b>tail</a>")
(lxml.etree.tostring(element), element[0].text, element.get("x"))
# %% Element inside a tree
outer = lxml.etree.fromstring("<a><b/></a>")
inner = outer[0]
(inner.getparent() is outer, inner.tag)
# %% ElementTree
document = lxml.etree.ElementTree(lxml.etree.fromstring("<r><c/></r>"))
(document.getroot().tag, document.xpath("count(//c)"))
# %% HtmlElement
html = lxml.html.fromstring("<div><a href='u'>l</a></div>")
([link[2] for link in html.iterlinks()], html.text_content())
# %% XPath and XSLT
path = lxml.etree.XPath("//b/text()")
path(lxml.etree.fromstring("<a><b>1</b></a>"))
# %% objectify
objectified = lxml.objectify.fromstring("<r><n>5</n></r>")
(objectified.n + 1, lxml.objectify.dump(objectified))

# %% library: pillow needs: numpy
from PIL import Image, ImageDraw, ImageFilter, ImageFont
import io, os, tempfile
# %% Image
image = Image.new("RGB", (4, 3), "red")
image.putpixel((1, 1), (0, 255, 0))
image.info["k"] = "v"
(image.size, image.getpixel((1, 1)), image.tobytes()[:6], image.info, image.rotate(90, expand=True).size)
# %% Image of a file, not read yet
name = os.path.join(tempfile.mkdtemp(), "i.png")
saved = Image.new("L", (2, 2), 7).save(name)
opened = Image.open(name)
(opened.size, opened.getpixel((0, 0)), opened.format)
# %% palette
palette = Image.new("P", (2, 2))
palette.putpalette([1, 2, 3] * 256)
(palette.mode, palette.convert("RGB").getpixel((0, 0)))
# %% ImageDraw
canvas = Image.new("RGB", (5, 5))
draw = ImageDraw.Draw(canvas)
(draw.point((2, 2), fill="blue"), canvas.getpixel((2, 2)))
# %% font
font = ImageFont.load_default(12)
tuple(round(v, 3) for v in font.getbbox("text"))
# %% filter
kernel = ImageFilter.GaussianBlur(2)
Image.new("L", (3, 3), 9).filter(kernel).getpixel((1, 1))

# %% library: opencv-python-headless needs: numpy
import numpy as np, cv2
# %% KeyPoint
keypoint = cv2.KeyPoint(1.0, 2.0, 3.0)
(keypoint.pt, keypoint.size)
# %% UMat
umat = cv2.UMat(np.arange(4, dtype="u1").reshape(2, 2))
umat.get().tolist()
# %% CascadeClassifier or detector
detector = cv2.ORB_create(50)
detector.getMaxFeatures()
# %% image
picture = cv2.circle(np.zeros((9, 9), "u1"), (4, 4), 2, 255)
(int(picture.sum()), cv2.GaussianBlur(picture, (3, 3), 0).shape)

# %% library: scikit-image needs: numpy scipy
import numpy as np
from skimage import feature, measure, transform
# %% AffineTransform
affine = transform.AffineTransform(scale=(2, 3), translation=(1, 1))
affine([[1, 1]]).tolist()
# %% regionprops
regions = measure.regionprops(np.array([[0, 1], [1, 1]]))
(regions[0].area, regions[0].centroid)
# %% ORB
orb = feature.ORB(n_keypoints=5)
orb.n_keypoints

# %% library: openpyxl
import openpyxl
# %% Workbook
workbook = openpyxl.Workbook()
sheet = workbook.active
sheet["A1"] = "v"
sheet["A1"].font = openpyxl.styles.Font(bold=True)
(sheet["A1"].value, sheet["A1"].font.bold, workbook.sheetnames, sheet.parent is workbook)

# %% library: jinja2
import jinja2
# %% Template
template = jinja2.Template("Hello {{ name | upper }}")
template.render(name="x")
# %% Environment
environment = jinja2.Environment(loader=jinja2.DictLoader({"a": "{% include 'b' %}!", "b": "{{ v|twice }}"}))
environment.filters["twice"] = lambda v: v * 2
environment.get_template("a").render(v=2)
