"""What exists: collections, their bands and units, and the scenes registered in them.

collection   Collection, Band, Unit: what may be asked for
scene        Scene, Asset: what there is
search       SceneQuery, SceneOrder
protocol     SceneCatalog (read), CollectionRegistry (write)
definitions  the built-in collections as data; ensure_builtin, resolve_collection_id
user         collections of users' own data
cover        outlines on the globe, cut at the antimeridian
sqlite       SqlCatalog, over SQLite with an R*Tree; sql_search its SQL, sql_match the
             refinement by true covers
form rows    values ↔ what is stored
recent       parsed scenes kept in memory
"""
