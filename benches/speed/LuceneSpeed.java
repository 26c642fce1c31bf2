// Lucene's half of lucene_speed.py: BM25 over terms that our own analyzer made, one segment, one thread.
//
//   java -cp ANSERINI.jar LuceneSpeed.java prepare DIR
//   java -cp ANSERINI.jar LuceneSpeed.java time DIR DEPTH    prints the nanoseconds of every query, round by round

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.lucene.analysis.core.WhitespaceAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TopScoreDocCollector;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.MMapDirectory;

class LuceneSpeed {
    // The just-in-time compiler wants to see every query some times.
    static final int WARM_UP = 10;
    static final int ROUNDS = 5;

    public static void main(String[] args) throws Exception {
        Path dir = Path.of(args[1]);
        if (args[0].equals("prepare")) {
            prepare(dir);
        } else {
            time(dir, Integer.parseInt(args[2]));
        }
    }

    static void prepare(Path dir) throws Exception {
        IndexWriterConfig config = new IndexWriterConfig(new WhitespaceAnalyzer());
        config.setSimilarity(new BM25Similarity(0.9f, 0.4f));
        try (IndexWriter writer = new IndexWriter(new MMapDirectory(dir.resolve("lucene")), config)) {
            for (String terms : Files.readAllLines(dir.resolve("terms.txt"))) {
                Document doc = new Document();
                doc.add(new TextField("terms", terms, Field.Store.NO));
                writer.addDocument(doc);
            }
            writer.forceMerge(1);
        }
    }

    static void time(Path dir, int depth) throws Exception {
        List<String> queries = Files.readAllLines(dir.resolve("queries.txt"));
        IndexSearcher searcher = new IndexSearcher(DirectoryReader.open(new MMapDirectory(dir.resolve("lucene"))));
        searcher.setSimilarity(new BM25Similarity(0.9f, 0.4f));
        searcher.setQueryCache(null);
        long[] took = new long[ROUNDS * queries.size()];
        long hits = 0;
        for (int round = 0; round < WARM_UP + ROUNDS; round++) {
            for (int i = 0; i < queries.size(); i++) {
                long start = System.nanoTime();
                BooleanQuery.Builder query = new BooleanQuery.Builder();
                for (String term : queries.get(i).split(" ")) {
                    query.add(new TermQuery(new Term("terms", term)), Occur.SHOULD);
                }
                // Nothing is counted beyond what is asked for: Lucene skips from the first full list on.
                TopDocs found = searcher.search(query.build(), TopScoreDocCollector.createSharedManager(depth, null, depth));
                long end = System.nanoTime();
                hits += found.scoreDocs.length;
                if (round >= WARM_UP) {
                    took[(round - WARM_UP) * queries.size() + i] = end - start;
                }
            }
        }
        PrintStream out = new PrintStream(System.out, false);
        for (long nanos : took) {
            out.println(nanos);
        }
        out.flush();
        System.err.println(hits + " hits");
    }
}
