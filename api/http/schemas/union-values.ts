// Lists the values of the domain's unions for schemas.

/** Every value of a union of strings: one that is missing here does not compile. */
export const valuesOf = <Value extends string>(values: { readonly [Each in Value]: true }) =>
  Object.keys(values) as Value[];
