# needs: networkx
# A graph.
# %%
import networkx as nx
graph = nx.Graph()
graph.add_weighted_edges_from([("a", "b", 3), ("b", "c", 1), ("a", "c", 7)])
nx.shortest_path(graph, "a", "c", weight="weight")
# %%
alias = graph["a"]
graph.nodes["a"]["color"] = "red"
centrality = nx.degree_centrality(graph)
centrality
# %%
graph.add_edge("c", "d", weight=2)
dict(alias), nx.minimum_spanning_tree(graph).edges(data=True), graph.nodes(data=True)
