/** The transport that the page's address asks for. */
import type { TransportName } from './transport/transport';

export function forcedTransport(search: string): TransportName | null {
  const asked = new URLSearchParams(search).get('transport');
  return asked === 'webtransport' || asked === 'websocket' ? asked : null;
}
