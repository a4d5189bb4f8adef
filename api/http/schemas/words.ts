// Lists of words for schemas, checked against the domain's types: a word missing here does not compile.

/** Every value of a union of words. */
export const wordsOf = <Word extends string>(words: { readonly [Each in Word]: true }) =>
  Object.keys(words) as Word[];
