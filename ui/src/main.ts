import { mount } from 'svelte';
import { createBackend } from '#backend';
import { useBackend } from '$ipc';
import { showUnseen } from '$shared';
import './shared/style/tokens.css';
import './shared/style/global.css';
import App from './views/App.svelte';

useBackend(createBackend());
showUnseen(document.documentElement);

const target = document.getElementById('app');
if (target) mount(App, { target });
