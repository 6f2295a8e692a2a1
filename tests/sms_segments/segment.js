// node segment.js: reads texts from stdin, a JSON string a line, and answers each with a line of
// JSON: {encoding, parts: [{text, units: [code unit, …]}, …]}.
import { createInterface } from "node:readline";
import { SegmentedMessage } from "sms-segments-calculator";

for await (const line of createInterface({ input: process.stdin })) {
  const message = new SegmentedMessage(JSON.parse(line));
  const parts = message.segments.map((segment) => {
    // A segment is an Array of a kind of its own, whose filter and map would add headers.
    const characters = Array.from(segment).filter(({ raw }) => raw !== undefined);
    return {
      text: characters.map(({ raw }) => raw).join(""),
      units: characters.flatMap(({ codeUnits }) => codeUnits),
    };
  });
  process.stdout.write(`${JSON.stringify({ encoding: message.encodingName, parts })}\n`);
}
