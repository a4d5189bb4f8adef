// What a Stripe key's own text says about it.

/** Secret (`sk_`) and restricted (`rk_`) keys belong on a server, publishable ones (`pk_`) in a browser. */
const KEY = /^(?<kind>sk|rk|pk)_(?<mode>test|live)_(?<rest>\w+)$/;

/** Newer keys carry the account: `sk_test_51Abc…` belongs to `acct_1Abc…`, sixteen characters after the 5. */
const WITH_ACCOUNT = /^5(?<account>1[A-Za-z0-9]{15})/;

/** Older keys are this many random characters, which may look like an account by chance. */
const OLD_KEY_LENGTH = 24;

/**
 * Faults in a set of keys that must belong together: kinds, modes, and accounts where the text shows them.
 * @param keys by the names under which they were set; absent ones are null
 * @returns sentences that name the settings, never the keys
 */
export function faultsInKeys(keys: {
  readonly server: { readonly [name: string]: string | null };
  readonly browser: { readonly [name: string]: string | null };
}): string[] {
  const faults: string[] = [];
  const read: { name: string; mode: string; account: string | null }[] = [];
  const check = (name: string, key: string | null, kinds: readonly string[], words: string): void => {
    if (key === null) return;
    const groups = KEY.exec(key)?.groups;
    if (!groups || !kinds.includes(groups.kind ?? '')) {
      faults.push(`${name} must be a ${words}`);
      return;
    }
    const rest = groups.rest ?? '';
    const account =
      rest.length === OLD_KEY_LENGTH ? null : (WITH_ACCOUNT.exec(rest)?.groups?.account ?? null);
    read.push({ name, mode: groups.mode ?? '', account });
  };
  for (const [name, key] of Object.entries(keys.server))
    check(name, key, ['sk', 'rk'], 'secret or restricted key (sk_… or rk_…)');
  for (const [name, key] of Object.entries(keys.browser)) check(name, key, ['pk'], 'publishable key (pk_…)');

  for (const [index, one] of read.entries()) {
    for (const other of read.slice(index + 1)) {
      if (one.mode !== other.mode)
        faults.push(
          `${one.name} is a ${one.mode} key and ${other.name} a ${other.mode} key: both must be of one mode`,
        );
      else if (one.account !== null && other.account !== null && one.account !== other.account)
        faults.push(`${one.name} and ${other.name} belong to different Stripe accounts: both must be of one`);
    }
  }
  return faults;
}

/** Whether money behind this key is real. */
export function isLiveKey(key: string): boolean {
  return /^(sk|rk|pk)_live_/.test(key);
}
