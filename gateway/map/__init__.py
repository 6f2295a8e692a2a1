"""The map as files and tiles, for web maps, GIS programs, spreadsheets and feed readers.

- `app`: the routes under /map
- `questions`: filters out of a query string
- `answers`: tags of answers, and refusals
- `exports`: /map/reports.geojson, .csv and .atom, streamed
- `formats/`: how a report is written in each of them
- `tiles`: /map/tiles/{z}/{x}/{y}.mvt and /map/tiles.json
- `encoders`: the processes that encode tiles, outside of the event loop
- `mvt`: Mapbox Vector Tiles of points
"""

from gateway.map.app import MapApp

__all__ = ["MapApp"]
