/**
 * Writes a large file of preference pairs: every row different, text of the length that UltraFeedback's has.
 *
 * Usage: largeData.ts FILE [GIGABYTES]      default 2
 */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { randomInteger, randomKey } from '@tether/data';

const WORDS =
  'the a of and to in is it that was for on with as his they be at one have this from or had by hot but some what there we can out other were all your when up use word how said an each she which do their time if will way about many then them would like so these her long make thing see him two has look more day could go come did my sound no most number who over know water than call first people may down side been now find any new work part take get place made live where after back little only round man year came show every good me give our under name very through just form much great think say help low line before turn cause same mean differ move right boy old too does tell sentence set three want air well also play small end put home read hand port large spell add even land here must big high such follow act why ask men change went light kind off need house picture try us again animal point mother world near build self earth father head stand own page should country found answer school grow study still learn plant cover food sun four thought let keep eye never last door between city tree cross since hard start might story saw far sea draw left late run while press close night real life few stop open seem together next white children begin got walk example ease paper often always music those both mark book letter until mile river car feet care second group carry took rain eat room friend began idea fish mountain north once base hear horse cut sure watch color face wood main'.split(
    ' ',
  );

function text(row: number, part: number, words: number): string {
  const key = randomKey(0, row, part);
  return Array.from({ length: words }, (_, index) => WORDS[randomInteger(key, index, WORDS.length)]).join(' ');
}

function pair(row: number): string {
  const words = (part: number, most: number) => 20 + randomInteger(randomKey(1, row), part, most);
  const [prompt, chosen, rejected] = [120, 400, 400].map((most, part) => text(row, part, words(part, most)));
  return `${JSON.stringify({ prompt: `${prompt}?`, chosen: ` ${chosen}.`, rejected: ` ${rejected}.` })}\n`;
}

const [path, gigabytes = '2'] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: largeData.ts FILE [GIGABYTES]');
const file = createWriteStream(path);
let [rows, bytes] = [0, 0];
while (bytes < Number(gigabytes) * 1e9) {
  const lines = Array.from({ length: 100 }, () => pair(++rows)).join('');
  bytes += lines.length;
  if (!file.write(lines)) await once(file, 'drain');
}
file.end();
await once(file, 'finish');
process.stdout.write(`${path}: ${rows} rows, ${bytes} bytes\n`);
