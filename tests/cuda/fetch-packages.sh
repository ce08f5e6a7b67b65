#!/bin/sh
# fetch-packages.sh - the Debian 12 packages that env.sh unpacks on a CUDA machine
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Usage: fetch-packages.sh DIRECTORY   (on Debian 12)
set -eu
mkdir -p "$1"
cd "$1"
apt-get download \
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
  libgstreamer1.0-0 libgstreamer1.0-dev libgstreamer-plugins-base1.0-0 \
  libgstreamer-plugins-base1.0-dev libgstreamer-plugins-bad1.0-0 \
  libgstreamer-plugins-bad1.0-dev liborc-0.4-0 liborc-0.4-dev libgraphene-1.0-0 \
  libglib2.0-0 libglib2.0-dev libglib2.0-dev-bin libglib2.0-bin libglib2.0-data \
  libjson-glib-1.0-0 libjson-glib-dev libarchive13 libarchive-dev libxml2 libxml2-utils libicu72 \
  libnettle8 libhogweed6 libgmp10 libacl1 liblz4-1 libsodium23 libsodium-dev \
  libcairo2 libcairo2-dev libcairo-gobject2 libpixman-1-0 libpixman-1-dev \
  libpango-1.0-0 libpangocairo-1.0-0 libpangoft2-1.0-0 libpangoxft-1.0-0 \
  libpango1.0-dev libharfbuzz0b libharfbuzz-dev libgraphite2-3 libgraphite2-dev \
  libfribidi0 libfribidi-dev libthai0 libthai-dev libdatrie1 libdatrie-dev \
  libxft2 libxft-dev libpng16-16 libpng-dev libjpeg62-turbo \
  libfreetype6 libfreetype-dev libfontconfig1 libfontconfig-dev fontconfig-config \
  fonts-dejavu-core \
  libxcb1 libxcb1-dev libxcb-shm0 libxcb-shm0-dev libxcb-render0 libxcb-render0-dev \
  libxrender1 libxrender-dev libx11-6 libx11-dev libxext6 libxext-dev libxau6 \
  libxau-dev libxdmcp6 libxdmcp-dev x11proto-dev xorg-sgml-doctools \
  libffi8 libffi-dev libpcre2-8-0 libpcre2-dev libmount1 libmount-dev libblkid1 \
  libblkid-dev uuid-dev libselinux1 libselinux1-dev libsepol2 libsepol-dev \
  zlib1g zlib1g-dev libzstd1 libzstd-dev liblzma5 liblzma-dev libbz2-1.0 libbz2-dev \
  libexpat1 libexpat1-dev libbrotli1 libbrotli-dev libbsd0 libmd0 libcap2 \
  libunwind8 libunwind-dev libdw1 libdw-dev libelf1 libelf-dev \
  libseccomp2 libseccomp-dev check pkgconf pkgconf-bin libpkgconf3
du -sh .
