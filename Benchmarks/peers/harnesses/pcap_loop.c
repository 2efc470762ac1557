// Times libpcap on a capture: an empty pcap_dispatch loop, or one that filters.
//
//   pcap_loop CAPTURE [FILTER-FILE] [PASSES]
//
// Prints packets, packets that match, and nanoseconds of wall time a packet, the median of PASSES passes.
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static unsigned long packets, matches;
static struct bpf_program program;
static int filters;

static void take(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes) {
  (void)user;
  packets++;
  if (filters && pcap_offline_filter(&program, header, bytes)) matches++;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

static int ascending(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return a < b ? -1 : a > b;
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  int passes = argc > 3 ? atoi(argv[3]) : 3;
  char *text = NULL;
  if (argc > 2 && argv[2][0]) {
    FILE *file = fopen(argv[2], "r");
    if (!file) return 2;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    text = calloc(size + 1, 1);
    if (fread(text, 1, size, file) != (size_t)size) return 2;
    fclose(file);
    filters = 1;
  }
  double *times = malloc(passes * sizeof *times);
  for (int pass = 0; pass < passes; pass++) {
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *capture = pcap_open_offline(argv[1], error);
    if (!capture) return fprintf(stderr, "pcap_loop: %s\n", error), 2;
    if (filters && pass == 0 && pcap_compile(capture, &program, text, 1, PCAP_NETMASK_UNKNOWN))
      return fprintf(stderr, "pcap_loop: %s\n", pcap_geterr(capture)), 2;
    packets = matches = 0;
    double start = now();
    while (pcap_dispatch(capture, -1, take, NULL) > 0) {
    }
    times[pass] = packets ? (now() - start) / packets : 0;
    pcap_close(capture);
  }
  qsort(times, passes, sizeof *times, ascending);
  printf("%lu\t%lu\t%.2f\n", packets, matches, times[passes / 2]);
  return 0;
}
