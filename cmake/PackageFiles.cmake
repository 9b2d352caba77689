# Brings the files that CPack is about to pack into the form that Debian's policy wants: compressed man page and changelog,
# the licence by reference. Run by CPack in CPACK_TEMPORARY_DIRECTORY.
set(share ${CPACK_TEMPORARY_DIRECTORY}/usr/share)
set(doc ${share}/doc/linnet)
file(WRITE ${doc}/copyright [[
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: linnet

Files: *
Copyright: 2026 The Linnet developers
License: Apache-2.0
 On Debian systems the full text of the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.
]])
file(REMOVE ${doc}/LICENSE)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # SOURCE_DATE_EPOCH, where it is set
file(WRITE ${doc}/changelog
"linnet (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * See CHANGELOG.md.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
execute_process(COMMAND gzip -9nf ${doc}/changelog ${share}/man/man1/linnet.1 COMMAND_ERROR_IS_FATAL ANY)
