// Makes text from outside safe to print on a terminal.

/** Line breaks and tabs included, and the marks that turn the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The same text with each control character written as an escape, so that it cannot steer the terminal that shows it. */
export function escaped(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** For messages of several lines: all but the line breaks are escaped. */
export function printable(message: string): string {
  return message.split('\n').map(escaped).join('\n');
}

/** The same value for whoever reads JSON, with the line breaks of the indentation. */
export function printableJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(UNPRINTABLE, (character) =>
    character === '\n'
      ? character
      : Array.from({ length: character.length }, (_, at) => escapeIn(character, at)).join(''),
  );
}

function escapeIn(text: string, at: number): string {
  return `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`;
}
