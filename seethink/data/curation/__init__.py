"""What curation decides with, one idea per file; ``data.curate`` puts them together.

split       which pool a row belongs to: the paper's cues, or a band of a measured value
band        rows whose measured value lies in a range, read from a table with one row per item
twins       questions asked twice, of the same picture or of a copy of it
leakage     questions and pictures of benchmarks, by their fingerprints
likeness    pictures found again among many
response    what an SFT row teaches
stripped    the same without hesitating and repeating steps
perplexity  the SFT rows that a model finds least likely
blind       how much of an item can be answered without its picture
"""
