import { cleanup } from '@testing-library/svelte';
import { afterEach } from 'vitest';

// jsdom lays nothing out; what watches sizes finds that they never change.
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};

// jsdom has no pointer events; a mouse event carries what is looked at.
globalThis.PointerEvent ??= class extends MouseEvent {} as typeof PointerEvent;

// axe asks for a canvas to guess at icon fonts; there are none here.
HTMLCanvasElement.prototype.getContext = () => null;

afterEach(() => cleanup());
