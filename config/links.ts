// Where customers' pages are and what signs the links to them, from the environment. Api and worker must agree on both,
// so both read them here. It makes no link.

const SHORTEST_SECRET = 32;

export interface LinkSettings {
  /** The first signs, all of them open. */
  readonly linkSecrets: readonly string[];
  readonly publicUrl: string;
}

/** @param faults gets a sentence for each thing wrong, without values; what is returned then is of no use */
export function linksFrom(env: NodeJS.ProcessEnv, faults: string[]): LinkSettings {
  const linkSecrets = (env.LINK_SECRET ?? '')
    .split(',')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');
  if (linkSecrets.length === 0) faults.push('LINK_SECRET is not set');
  if (linkSecrets.some((secret) => secret.length < SHORTEST_SECRET))
    faults.push(
      `LINK_SECRET must be of at least ${SHORTEST_SECRET} characters (each, where there are several)`,
    );
  const publicUrl = env.PUBLIC_URL ?? '';
  if (publicUrl === '') faults.push('PUBLIC_URL is not set');
  else if (!isPageRoot(publicUrl)) faults.push('PUBLIC_URL must be an http(s) address without a query');
  return { linkSecrets, publicUrl };
}

function isPageRoot(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && search === '' && hash === '';
}
