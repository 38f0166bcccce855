#!/usr/bin/env bash
# Starts a real Kafka broker (KRaft, one node) and a real Elasticsearch node on loopback, from Maven artifacts.
#
#   start.sh RUN_DIR [kafka|elasticsearch|both]
#
# Data, configuration, logs and pid files go to RUN_DIR; started again on the same folder, the data is there.
# End them with stop.sh. Both RUN_DIR and SERVERS_HOME must be reachable by `nobody` when root runs this.
#
#   SERVERS_HOME     the downloaded software (default /var/tmp/local-servers)
#   SERVERS_OWNER    a process id: when that process is gone, the servers end and RUN_DIR goes
#   KAFKA_PORT, KAFKA_CONTROLLER_PORT, ES_PORT, ES_TRANSPORT_PORT   a port, or `free` for one that nobody uses
#   KAFKA_HEAP, ES_HEAP                                             256m and 512m
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
usage="usage: start.sh RUN_DIR [kafka|elasticsearch|both]"
mkdir -p "${1:?$usage}"; run=$(cd "$1" && pwd)
what=${2:-both}
case $what in kafka | elasticsearch | both) ;; *) echo "$usage" >&2; exit 2 ;; esac
home=${SERVERS_HOME:-/var/tmp/local-servers}
kafka_heap=${KAFKA_HEAP:-256m} es_heap=${ES_HEAP:-512m}

wants() { [ "$what" = both ] || [ "$what" = "$1" ]; }
fail() { echo "start.sh: $*" >&2; bash "$here/stop.sh" "$run" "$what" || true; exit 1; }
running() { [ -s "$1" ] && grep -qsF "$run/" "/proc/$(cat "$1")/cmdline"; }

# A port that was found free once is kept in RUN_DIR: a server that comes back is found where it was. It lies below
# the ports that the system gives to clients, so that none of them sits on it while the server is away.
port() { # NAME WISH
  if [ "$2" != free ]; then echo "$2"; return; fi
  if [ ! -s "$run/port.$1" ]; then
    local p
    while p=$((15000 + (RANDOM * 32768 + RANDOM) % 17000)); (: <>"/dev/tcp/127.0.0.1/$p") 2>/dev/null; do :; done
    echo "$p" >"$run/port.$1"
  fi
  cat "$run/port.$1"
}
kafka_port=$(port kafka "${KAFKA_PORT:-9092}") kafka_controller_port=$(port controller "${KAFKA_CONTROLLER_PORT:-9093}")
es_port=$(port es "${ES_PORT:-9200}") es_transport_port=$(port transport "${ES_TRANSPORT_PORT:-9300}")

# --- software, once ---
need=()
command -v java >/dev/null || need+=(openjdk-17-jre-headless)
command -v curl >/dev/null || need+=(curl)
have() { [ -e "$home/.done" ] && cmp -s "$here/pom.xml" "$home/.done"; }
have || command -v mvn >/dev/null || need+=(maven)
if ((${#need[@]})); then
  [ "$(id -u)" = 0 ] || fail "install ${need[*]} first (as root: apt-get install ${need[*]})"
  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${need[@]}" >/dev/null
fi
java=$(readlink -f "$(command -v java)")
mkdir -p "$home"
if ! have; then
  exec 9>"$home/.lock"; flock 9 # several may start at once: the first downloads, the others wait
  if ! have; then
    if grep -qsF "$home/" /proc/[0-9]*/cmdline; then fail "the software in $home is another version and in use; stop those servers, or set SERVERS_HOME"; fi
    echo "start.sh: downloading Kafka and Elasticsearch to $home (about 1 GB, once)" >&2
    rm -rf "$home/kafka" "$home/elasticsearch" "$home/es"
    mvn -B -q -C -f "$here/pom.xml" -Ddest="$home" generate-resources >"$home/mvn.log" 2>&1 || { tail -qn 20 "$home/mvn.log" >&2 || true; fail "download failed"; }
    mv "$home"/es/*/elasticsearch "$home/elasticsearch"
    mv "$home"/es/*/bin/elasticsearch "$home/elasticsearch/bin/" # SonarQube keeps Elastic's start script apart
    rm -rf "$home/es"
    chmod -R a+rX "$home"; chmod +x "$home/elasticsearch/bin/elasticsearch"
    cp "$here/pom.xml" "$home/.done"
  fi
  exec 9>&-
fi

# --- when the owner is gone, so are the servers ---
if [ -n "${SERVERS_OWNER:-}" ] && [ ! -e "$run/owner" ]; then
  echo "$SERVERS_OWNER" >"$run/owner"
  # shellcheck disable=SC2016 # $1, $2, $3 are the inner shell's
  setsid bash -c 'while kill -0 "$1" 2>/dev/null; do sleep 1; [ -e "$2/owner" ] || exit 0; done; bash "$3/stop.sh" "$2" both kill; rm -rf "$2"' \
    watch "$SERVERS_OWNER" "$run" "$here" >/dev/null 2>&1 </dev/null &
fi

# --- Kafka ---
# group.min.session.timeout.ms lets tests notice a killed consumer within a second; the cleaner and the deleter look
# often, so that what compaction and deletion promise can be seen in a test.
if wants kafka && ! running "$run/kafka/pid"; then
  mkdir -p "$run/kafka"
  cat >"$run/kafka/server.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:$kafka_controller_port
listeners=PLAINTEXT://127.0.0.1:$kafka_port,CONTROLLER://127.0.0.1:$kafka_controller_port
advertised.listeners=PLAINTEXT://127.0.0.1:$kafka_port
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$run/kafka/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
log.cleaner.dedupe.buffer.size=8388608
log.cleaner.backoff.ms=500
log.initial.task.delay.ms=1000
log.retention.check.interval.ms=2000
log.segment.delete.delay.ms=1000
EOF
  cat >"$run/kafka/log4j2.properties" <<'EOF'
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %c{1} %m%n
rootLogger.level=WARN
rootLogger.appenderRef.out.ref=out
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=INFO
EOF
  kafka=("$java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile="$run/kafka/log4j2.properties" -cp "$home/kafka/*")
  if [ ! -e "$run/kafka/data/meta.properties" ]; then
    "${kafka[@]}" kafka.tools.StorageTool format --standalone -t "$(head -c16 /dev/urandom | base64 | tr '+/' 'ab' | tr -d =)" \
      -c "$run/kafka/server.properties" >"$run/kafka/format.log" 2>&1 || { cat "$run/kafka/format.log" >&2; fail "kafka format failed"; }
  fi
  : >"$run/kafka/out.log" # or the line of the last start would be taken for this one's
  setsid "${kafka[@]}" -Xms"$kafka_heap" -Xmx"$kafka_heap" kafka.Kafka "$run/kafka/server.properties" >>"$run/kafka/out.log" 2>&1 </dev/null &
  echo $! >"$run/kafka/pid"
fi

# --- Elasticsearch (refuses to run as root); with -d its launcher returns when the node has started ---
if wants elasticsearch && ! running "$run/es/pid"; then
  mkdir -p "$run/es/conf" "$run/es/data" "$run/es/logs" "$run/es/tmp"
  cat >"$run/es/conf/elasticsearch.yml" <<EOF
cluster.name: local
discovery.type: single-node
network.host: 127.0.0.1
http.port: $es_port
transport.port: $es_transport_port
path.data: $run/es/data
path.logs: $run/es/logs
xpack.security.enabled: false
cluster.routing.allocation.disk.threshold_enabled: false
EOF
  # shellcheck disable=SC2016 # Elasticsearch fills ES_TMPDIR in
  printf '%s\n' "-Xms$es_heap" "-Xmx$es_heap" -XX:TieredStopAtLevel=1 '-Djava.io.tmpdir=${ES_TMPDIR}' -XX:+ExitOnOutOfMemoryError >"$run/es/conf/jvm.options"
  cat >"$run/es/conf/log4j2.properties" <<'EOF'
appender.file.type=File
appender.file.name=file
appender.file.fileName=${sys:es.logs.base_path}/${sys:es.logs.cluster_name}.log
appender.file.append=false
appender.file.layout.type=PatternLayout
appender.file.layout.pattern=%d %p %c{1.} %m%n
rootLogger.level=INFO
rootLogger.appenderRef.file.ref=file
EOF
  as=()
  if [ "$(id -u)" = 0 ]; then
    chown -R nobody "$run/es"; as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
    "${as[@]}" test -r "$home/elasticsearch/bin/elasticsearch" -a -w "$run/es/data" || fail "nobody cannot reach $home or $run"
  fi
  rm -f "$run/es/pid"
  ES_JAVA_HOME=${java%/bin/java} ES_PATH_CONF=$run/es/conf ES_TMPDIR=$run/es/tmp JAVA_HOME='' \
    "${as[@]}" "$home/elasticsearch/bin/elasticsearch" -d -p "$run/es/pid" >"$run/es/out.log" 2>&1 </dev/null ||
    { grep -hE 'ERROR|Exception' "$run/es/out.log" "$run/es/logs/local.log" | tail -n 10 >&2 || true; fail "elasticsearch did not start"; }
fi

# --- ready? ---
if wants kafka; then
  for ((i = 0; i < 600; i++)); do
    grep -q 'Kafka Server started' "$run/kafka/out.log" && break
    running "$run/kafka/pid" || { tail -qn 20 "$run/kafka/out.log" >&2 || true; fail "kafka did not start"; }
    sleep 0.2
  done
  ((i < 600)) || fail "kafka not ready in time"
  echo "COUNTERPOINT_TEST_KAFKA=127.0.0.1:$kafka_port"
fi
if wants elasticsearch; then
  curl -sf -o /dev/null --retry 3 --retry-connrefused "http://127.0.0.1:$es_port/_cluster/health?wait_for_status=yellow&timeout=60s" || fail "elasticsearch not ready"
  echo "COUNTERPOINT_TEST_ELASTIC=http://127.0.0.1:$es_port"
fi
