import type { BannerLook, BannerView } from '$ipc';

/** The class that resolves the tier's colours below it. */
export const tierClass = (look: BannerLook, drill = false): string =>
  drill ? 'tier-drill' : { unselected: 'tier-none', offline: 'tier-dev', production: 'tier-sz', lastProduction: 'tier-bj' }[look];

export const bannerTier = (banner: BannerView | null): string => (banner ? tierClass(banner.look, banner.rehearsal) : 'tier-none');
