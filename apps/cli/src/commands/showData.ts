import { renderReport } from '@tether/data';
import type { LoadedConfig } from '../config/parseConfig.ts';
import { loadDataFor } from '../run/dataPreview.ts';
import { tell } from '../output/terminal.ts';

/** Shows what becomes of every row of the data, before anything is trained. */
export async function showDataReport({ config, baseFolder }: LoadedConfig): Promise<void> {
  const { report } = await loadDataFor(config, baseFolder);
  for (const line of renderReport(report)) tell(line);
}
