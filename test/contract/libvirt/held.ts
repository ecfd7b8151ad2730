/**
 * Script after which that unit runs a command of QEMU's that has this image. It looks at the table of locks: a qemu-img that looks has locks of
 * its own, which the command may meet just when it opens the image, and end.
 */
export const heldScript = (unit: string, command: string, image: string): string => `systemctl stop ${unit} 2>/dev/null
systemctl reset-failed ${unit} 2>/dev/null
systemd-run --quiet --unit=${unit} ${command}
for i in $(seq 600); do grep -q ":$(stat -c %i ${image}) " /proc/locks && exit; sleep 0.1; done
{ echo 'nobody has the image:'; systemctl status ${unit}; } >&2
exit 1`
