"""From a web site to questions and answers: what a crawl brings, what is left of it, what can be asked about it.

addresses, robots, charsets, links, extracting   what a page is and says; nothing here touches the network
fetching               one answer from one site, within limits
visiting               one visit to one page; visits are the values it leaves behind
crawling               a whole site, page after page
pages                  texts in a folder, with an index
rules, picking         what is no page's own text: by rules, or by a model that names lines
cleaning               a whole folder, by either
portions, questions    what a model asks and answers about part of a page, each with its quote
grounding              whether a quote stands on a page
asking                 a whole folder, as rows
models, showing        the model behind it; the line that moves while it works
"""
