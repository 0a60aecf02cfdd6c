package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Sends records to a region over Kafka and tells what became of each: {@code Send acme.properties records.jsonl}.
 *
 * <p>The first file is what the programme office gave you, the second has one record a line. Run it again whenever you
 * are not sure: what was booked already comes back as a duplicate and counts once.
 */
public final class Send {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();

  private Send() {}

  /** Ends with 0 when every record counts, with 1 when one was refused or has no receipt yet. */
  public static void main(String[] arguments) throws Exception {
    Properties settings = new Properties();
    try (Reader file = Files.newBufferedReader(Path.of(arguments[0]), StandardCharsets.UTF_8)) {
      settings.load(file);
    }
    Set<String> missing = send(settings, Files.readAllLines(Path.of(arguments[1])));
    int refused = receipts(settings, missing);
    missing.forEach(id -> System.out.println(id + " has no receipt yet; send it again, unchanged"));
    System.exit(refused > 0 || !missing.isEmpty() ? 1 : 0);
  }

  /** What every client is given: where the cluster is, and who we are. */
  private static Map<String, Object> connection(Properties settings) {
    Map<String, Object> options = new HashMap<>();
    for (String name : List.of("bootstrap.servers", "security.protocol", "sasl.mechanism")) {
      options.put(name, settings.getProperty(name));
    }
    if (settings.containsKey("ssl.ca.location")) {
      options.put("ssl.truststore.type", "PEM");
      options.put("ssl.truststore.location", settings.getProperty("ssl.ca.location"));
    }
    options.put(
        "sasl.jaas.config",
        String.format(
            "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"%s\" password=\"%s\";",
            settings.getProperty("sasl.username"), settings.getProperty("sasl.password")));
    return options;
  }

  /** Hands all records to Kafka, and returns their ids once it has them. */
  private static Set<String> send(Properties settings, List<String> lines) throws Exception {
    Map<String, Object> options = connection(settings);
    options.put("acks", "all");
    options.put("enable.idempotence", true);
    Set<String> ids = new TreeSet<>();
    try (var producer = new KafkaProducer<>(options, new StringSerializer(), new StringSerializer())) {
      List<Future<RecordMetadata>> taken = new ArrayList<>();
      for (String line : lines) {
        if (!line.isBlank()) {
          String id = JSON.readTree(line).get("id").asText();
          ids.add(id);
          taken.add(producer.send(new ProducerRecord<>(settings.getProperty("intake.topic"), id, line)));
        }
      }
      for (Future<RecordMetadata> each : taken) {
        each.get();
      }
    }
    return ids;
  }

  /** Prints the receipts of these records as they come, and takes them out; how many were refused. */
  private static int receipts(Properties settings, Set<String> missing) throws Exception {
    Map<String, Object> options = connection(settings);
    options.put("group.id", settings.getProperty("group.id"));
    options.put("auto.offset.reset", "earliest");
    options.put("enable.auto.commit", false);
    int refused = 0;
    long until = System.nanoTime() + PATIENCE.toNanos();
    try (var consumer = new KafkaConsumer<>(options, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of(settings.getProperty("receipts.topic")));
      while (!missing.isEmpty() && System.nanoTime() < until) {
        for (ConsumerRecord<String, String> message : consumer.poll(Duration.ofSeconds(1))) {
          JsonNode receipt = JSON.readTree(message.value());
          if (missing.remove(receipt.get("id").asText())) {
            StringBuilder told = new StringBuilder(receipt.get("id").asText() + " " + receipt.get("outcome").asText());
            receipt.path("reasons").forEach(reason -> told.append(' ').append(reason.at("/message/en").asText()));
            System.out.println(told);
            refused += receipt.get("outcome").asText().equals("refused") ? 1 : 0;
          }
        }
        consumer.commitSync();
      }
    }
    return refused;
  }
}
