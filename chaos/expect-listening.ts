// Checks that a server listens on a port of this machine.
import { once } from 'node:events';
import { connect } from 'node:net';

/** @throws Error when nobody does: what is not there cannot be killed */
export async function expectListening(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
  } catch (cause) {
    throw new Error(`nobody listens on port ${port}`, { cause });
  } finally {
    socket.destroy();
  }
}
