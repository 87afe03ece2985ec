import { mount } from 'svelte';
import { createBackend } from '#backend';
import { useBackend } from '$ipc';
import './shared/style/tokens.css';
import './shared/style/global.css';
import App from './views/App.svelte';

useBackend(createBackend());

const target = document.getElementById('app');
if (target) mount(App, { target });
