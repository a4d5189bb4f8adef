// The part of the Stripe.js stand-in, as text for browsers, that draws the form: Elements, with one element for a card.

export const ELEMENTS_SCRIPT = String.raw`
  /** The form a page mounts: card number, expiry, security code. */
  class CardElement {
    constructor(type) {
      this.type = type;
      this.listeners = {};
      this.root = document.createElement('div');
      this.root.className = 'StripeElement';
      this.number = this.field('cardnumber', 'Card number', '1234 1234 1234 1234', 'cc-number');
      this.expiry = this.field('exp-date', 'Expiry date', 'MM / YY', 'cc-exp');
      this.cvc = this.field('cvc', 'Security code', 'CVC', 'cc-csc');
      this.root.addEventListener('input', () => this.emit('change', this.state()));
    }
    field(name, label, placeholder, autocomplete) {
      const input = document.createElement('input');
      input.name = name;
      input.placeholder = placeholder;
      input.autocomplete = autocomplete;
      input.inputMode = 'numeric';
      input.setAttribute('aria-label', label);
      this.root.append(input);
      return input;
    }
    state() {
      const values = [this.number.value, this.expiry.value, this.cvc.value];
      return {
        elementType: this.type,
        complete: values.every((value) => value.trim() !== ''),
        empty: values.every((value) => value.trim() === ''),
        error: undefined,
      };
    }
    emit(event, detail) {
      for (const listener of this.listeners[event] || []) listener(detail);
    }
    on(event, listener) {
      (this.listeners[event] = this.listeners[event] || []).push(listener);
      return this;
    }
    off(event) {
      delete this.listeners[event];
      return this;
    }
    mount(where) {
      const target = typeof where === 'string' ? document.querySelector(where) : where;
      if (!target) throw new Error('The selector you specified (' + where + ') applies to no DOM elements.');
      target.replaceChildren(this.root);
      setTimeout(() => this.emit('ready', { elementType: this.type }), 0);
      return this;
    }
    unmount() {
      this.root.remove();
      return this;
    }
    destroy() {
      this.unmount();
      this.listeners = {};
    }
    update() {
      return this;
    }
    focus() {
      this.number.focus();
    }
    blur() {
      this.number.blur();
    }
    clear() {
      for (const input of [this.number, this.expiry, this.cvc]) input.value = '';
    }
    /** What is missing, as Stripe.js says it, or null. */
    missingInput() {
      const missing = [
        [this.number, 'incomplete_number', 'Your card number is incomplete.'],
        [this.expiry, 'incomplete_expiry', "Your card's expiration date is incomplete."],
        [this.cvc, 'incomplete_cvc', "Your card's security code is incomplete."],
      ].find(([input]) => input.value.trim() === '');
      return missing ? { type: 'validation_error', code: missing[1], message: missing[2] } : null;
    }
    card() {
      const error = this.missingInput();
      if (error) throw error;
      const typed = this.expiry.value.trim();
      const [month, year] = /\D/.test(typed) ? typed.split(/\D+/) : [typed.slice(0, 2), typed.slice(2)];
      return {
        number: this.number.value.replace(/\D/g, ''),
        exp_month: Number(month),
        exp_year: Number(year),
        cvc: this.cvc.value.trim(),
      };
    }
  }

  class Elements {
    constructor(options) {
      this.options = options || {};
      this.element = null;
    }
    create(type) {
      if (type !== 'card' && type !== 'payment') throw new Error('This emulator has no ' + type + ' element.');
      this.element = new CardElement(type);
      return this.element;
    }
    getElement() {
      return this.element;
    }
    update(options) {
      Object.assign(this.options, options);
    }
    async submit() {
      const error = this.element && this.element.missingInput();
      return error ? { error } : {};
    }
  }
`;
