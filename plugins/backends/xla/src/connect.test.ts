import { afterEach, expect, it, vi } from 'vitest';
import { connect } from './connect.ts';
import { PjrtApi } from './pjrt/api.ts';
import { PjrtClient } from './pjrt/client.ts';
import { testConfig, whereAvailable } from './testing/available.ts';

await whereAvailable('a connection', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('that cannot be described is ended', async () => {
    const destroyed = vi.spyOn(PjrtClient.prototype, 'destroy');
    vi.spyOn(PjrtApi.prototype, 'attributes').mockImplementationOnce(() => {
      throw new Error('no attributes');
    });
    await expect(connect(testConfig())).rejects.toThrow('no attributes');
    expect(destroyed).toHaveBeenCalledOnce();
  });

  it('that fails leaves the client to those who have it', async () => {
    const destroyed = vi.spyOn(PjrtClient.prototype, 'destroy');
    const first = await connect(testConfig());
    vi.spyOn(PjrtApi.prototype, 'attributes').mockImplementationOnce(() => {
      throw new Error('no attributes');
    });
    await expect(connect(testConfig())).rejects.toThrow('no attributes');
    const second = await connect(testConfig());
    expect(second.client).toBe(first.client);
    await first.close();
    expect(destroyed).not.toHaveBeenCalled();
    await second.close();
    expect(destroyed).toHaveBeenCalledOnce();
  });

  it('leaves no buffer behind where a copy to the device fails', async () => {
    const { client, close } = await connect(testConfig());
    vi.spyOn(client, 'awaitEvent').mockRejectedValueOnce(new Error('the copy failed'));
    await expect(client.upload(Float32Array.of(1, 2), 'f32', [2], 0)).rejects.toThrow('the copy failed');
    expect(client.live).toEqual({ buffers: 0, events: 0 });
    await close();
  });
});
