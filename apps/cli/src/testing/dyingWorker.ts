/** A process whose engine takes it down, with a word on standard error. */
process.stderr.write('chatter of a library\nthe engine found no memory\n', () => process.exit(3));
