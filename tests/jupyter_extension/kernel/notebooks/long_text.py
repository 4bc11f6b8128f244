# Counting words.
# %%
import collections, re, string
text = """The quick brown fox jumps over the lazy dog. The dog sleeps; the fox does not."""
pattern = re.compile(r"\b[a-z]+\b", re.I)
words = [word.lower() for word in pattern.findall(text)]
counts = collections.Counter(words)
counts.most_common(3)
# %%
index = collections.defaultdict(set)
for position, word in enumerate(words):
    index[word[0]].add(word)
match = pattern.search(text, 4)
match.group(), match.span(), sorted(index["t"])
# %%
chain = collections.defaultdict(list)
for first, second in zip(words, words[1:]):
    chain[first].append(second)
print({word: following for word, following in sorted(chain.items()) if len(following) > 1})
# %%
table = str.maketrans("", "", string.punctuation)
text.translate(table)[:20], sorted(index["new"]), counts["the"]
