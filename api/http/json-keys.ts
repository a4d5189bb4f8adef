// Repeated keys in JSON: parsers keep the last one, so two readers of one body may read two different things.

/** Strings, and the characters that open, close or separate; everything else in JSON is neither. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/** Whether an object in `json` has a key twice. @param json must be valid JSON */
export function repeatsKey(json: string): boolean {
  /** The keys of every object that is open, innermost last; null for an array. */
  const open: (Set<string> | null)[] = [];
  let lastString = '';
  for (const [token] of json.matchAll(TOKENS)) {
    switch (token) {
      case '{':
        open.push(new Set());
        break;
      case '[':
        open.push(null);
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ':': {
        const key: string = JSON.parse(lastString);
        const keys = open.at(-1);
        if (keys?.has(key)) return true;
        keys?.add(key);
        break;
      }
      default:
        lastString = token;
    }
  }
  return false;
}
