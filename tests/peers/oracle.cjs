// Twilio's own calculator of SMS parts, line by line: reads a JSON list of texts, writes the list of their parts.
const { SegmentedMessage } = require("sms-segments-calculator");

require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => console.log(JSON.stringify(JSON.parse(line).map((text) => new SegmentedMessage(text).segmentsCount))));
