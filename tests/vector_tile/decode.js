// node decode.js ZOOM X Y: the tile on standard input as JSON: for each layer, its features as
// GeoJSON, its version and its extent.
import { readFileSync } from "node:fs";
import { VectorTile } from "@mapbox/vector-tile";
import { PbfReader } from "pbf";

const [zoom, x, y] = process.argv.slice(2).map(Number);
const tile = new VectorTile(new PbfReader(readFileSync(0)));
const layers = Object.entries(tile.layers).map(([name, layer]) => {
  const features = Array.from({ length: layer.length }, (_, number) =>
    layer.feature(number).toGeoJSON(x, y, zoom),
  );
  return [name, { version: layer.version, extent: layer.extent, features }];
});
process.stdout.write(JSON.stringify(Object.fromEntries(layers)));
