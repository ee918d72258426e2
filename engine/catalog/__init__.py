"""What exists: collections, their bands and units, and the scenes registered in them.

collection   Collection, Band, Unit: what may be asked for
scene        Scene, Asset: what there is
search       SceneQuery, SceneOrder
protocol     SceneCatalog (read), CollectionRegistry (write)
sqlite       both, over SQLite with an R*Tree
definitions  the built-in collections as data
"""
