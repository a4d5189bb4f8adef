// What `stripe listen` of the Stripe CLI needs: a session, and a websocket on which it is given every event to forward.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { answerOf, send } from '../http/answer.ts';
import { keyOf } from '../http/authorization.ts';
import { StripeProblem } from '../http/errors.ts';
import { newId } from '../store/ids.ts';
import { API_VERSION, type World } from '../store/world.ts';
import { signedMessage } from './message.ts';

/** What the CLI asks for in the websocket's handshake, and wants to have confirmed. */
const PROTOCOL = 'stripecli-devproxy-v1';

/** How soon the CLI is to come back after a lost connection. */
const RECONNECT_SECONDS = 5;

const PATH = '/stripecli/subscribe/';

/** The CLIs that listen. */
export class CliSessions {
  private readonly world: World;
  private readonly secret: string;
  private readonly open = new Set<string>();
  private readonly server = new WebSocketServer({ noServer: true, handleProtocols: () => PROTOCOL });

  constructor(world: World, secret: string) {
    this.world = world;
    this.secret = secret;
  }

  /** A new session, as the CLI reads it. */
  begin(origin: string): object {
    const id = newId('cliws');
    this.open.add(id);
    return {
      default_version: API_VERSION,
      display_connect_filter_warning: false,
      latest_version: API_VERSION,
      reconnect_delay: RECONNECT_SECONDS,
      secret: this.secret,
      websocket_authorized_feature: 'webhooks',
      websocket_id: id,
      websocket_url: `${origin.replace(/^http/, 'ws')}${PATH}${id}`,
    };
  }

  /** The websocket of a session; anything else is turned away. */
  connect(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (!path.startsWith(PATH) || !this.open.has(path.slice(PATH.length))) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    this.server.handleUpgrade(request, socket, head, (client) => {
      // What the CLI says of the answers it got changes nothing: it forwards once, as Stripe's does.
      client.on('error', () => client.terminate());
    });
  }

  /** Gives these events to every CLI that listens, but for those that are to be lost. */
  forward(ids: readonly string[]): void {
    const { deliveries, events } = this.world.store;
    for (const id of ids) {
      const event = events.get(id)?.wire;
      if (event === undefined || deliveries.get(id)?.status === 'lost') continue;
      const { body, headers } = signedMessage(event, this.secret);
      const message = JSON.stringify({
        endpoint: { api_version: null },
        event_payload: body,
        http_headers: headers,
        type: 'webhook_event',
        webhook_conversation_id: newId('wc'),
        webhook_id: newId('wh'),
      });
      for (const client of this.server.clients) client.send(message);
    }
  }

  close(): void {
    for (const client of this.server.clients as Set<WebSocket>) client.terminate();
    this.server.close();
  }
}

export interface CliRouteOptions {
  readonly sessions: CliSessions;
  readonly originOf: (request: FastifyRequest) => string;
}

/** `POST /v1/stripecli/sessions`, which is no part of Stripe's public API. */
export const cliRoutes: FastifyPluginAsync<CliRouteOptions> = async (app, { sessions, originOf }) => {
  app.server.on('upgrade', (request, socket, head) => sessions.connect(request, socket, head));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => done(null));
  app.post('/sessions', async (request, reply) => {
    try {
      keyOf(request);
      return await reply.send(sessions.begin(originOf(request)));
    } catch (error) {
      if (!(error instanceof StripeProblem)) throw error;
      return send(reply, newId('req'), answerOf(error));
    }
  });
};
