/** A process that is too busy to hear anything, like an engine in the middle of a step; not for ever, so that it cannot be left over. */
const end = Date.now() + 60_000;
while (Date.now() < end);
