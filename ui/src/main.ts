import { mount } from 'svelte';
import { createBackend } from '#backend';
import { useBackend } from '$ipc';
import { showUnseen } from '$shared';
import './shared/style/tokens.css';
import './shared/style/global.css';
import App from './views/App.svelte';

useBackend(createBackend());
showUnseen(document.documentElement);
if (navigator.platform.startsWith('Linux')) document.documentElement.dataset['system'] = 'linux';

const target = document.getElementById('app');
if (target) mount(App, { target });
