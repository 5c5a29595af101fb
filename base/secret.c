/* base/secret.c - passwords and keys out of files.  Any thread. */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int secret_load(const char *path, const char *what, char out[SECRET_BYTES_MAX],
                struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0)
        return err_sys(err, errno, "%s file %.200s cannot be opened", what, path);
    if (fstat(fd, &st) == 0 && (st.st_mode & (S_IROTH | S_IWOTH)) != 0) {
        close(fd);
        return err_set(err, EPERM,
                       "%s file %.200s is open to everybody: chmod o-rwx it", what,
                       path);
    }
    ssize_t n = read(fd, out, SECRET_BYTES_MAX - 1);
    int errnum = errno;
    close(fd);
    if (n < 0)
        return err_sys(err, errnum, "%s file %.200s cannot be read", what, path);
    out[n] = '\0';
    size_t line = strcspn(out, "\r\n");
    if (line == SECRET_BYTES_MAX - 1)
        return err_set(err, E2BIG,
                       "%s file %.200s: its first line is longer than %d bytes", what,
                       path, SECRET_BYTES_MAX - 2);
    out[line] = '\0';
    return *out != '\0' ? 0
                        : err_set(err, EINVAL, "%s file %.200s is empty", what, path);
}
