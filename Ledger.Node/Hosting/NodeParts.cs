using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Configuration;
using Ledger.Node.Consensus;
using Ledger.Node.Transport;
using Ledger.Storage;

namespace Ledger.Node.Hosting;

/// <summary>
/// What a node holds on to from start to stop: its genesis, key, data folder and databases.
/// </summary>
internal sealed class NodeParts : IDisposable
{
    private const int PassphraseBytesMax = 64 << 10;

    private readonly DataFolder _folder;

    private NodeParts(
        Genesis genesis, SigningKey key, DataFolder folder, LedgerStore store, ConsensusJournal journal,
        MembersWord? told, bool isWitness)
    {
        Genesis = genesis;
        Key = key;
        _folder = folder;
        Store = store;
        Journal = journal;
        Told = told;
        IsWitness = isWitness;
    }

    public Genesis Genesis { get; }

    public SigningKey Key { get; }

    /// <summary>The data folder's path.</summary>
    public string Root => _folder.Root;

    public LedgerStore Store { get; }

    public ConsensusJournal Journal { get; }

    /// <summary>
    /// What a witness was told of the members last; null where nothing was, or a ledger says it.
    /// </summary>
    public MembersWord? Told { get; }

    /// <summary>
    /// Whether this node votes and keeps no blocks: its store holds the genesis block, and stays so.
    /// </summary>
    public bool IsWitness { get; }

    /// <summary>Who the validators are and were, as far as the ledger has come here.</summary>
    public ValidatorHistory ReadValidators() => ValidatorsIn(Genesis, Store);

    public static NodeParts Open(NodeOptions options)
    {
        var genesis = ReadGenesis(options);
        var key = ReadKey(options);
        DataFolder? folder = null;
        LedgerStore? store = null;
        ConsensusJournal? journal = null;
        try
        {
            folder = DataFolder.Open(options.DataDir, genesis.ChainId, genesis.Hash);
            RestoreMark.MustNotBeIn(folder.Root);
            IncomingLedger.Settle(folder.Root);
            LedgerCheckpoint.Remove(folder.Root);
            var wasUsed = LedgerStore.IsIn(folder.Root);
            store = LedgerStore.Open(
                folder.Root, genesis.Hash, genesis.ChainId,
                StorageOptions.Default with { CacheBytes = (long)options.CacheMiB << 20 });
            var told = MembersWord.In(folder.Root, genesis);
            var validators = told?.History ?? ValidatorsIn(genesis, store);
            CheckMayStart(key.PublicKey, validators, genesis, options);
            var seat = validators.FindByKey(key.PublicKey);
            var isWitness = seat is { } known ? validators.IsWitness(known) : options.JoinsAsWitness;
            CheckFolderSuits(isWitness, told, store, folder.Root);
            if (isWitness && (wasUsed || told is not null))
            {
                ConsensusJournal.MustBeIn(folder.Root);
            }

            journal = ConsensusJournal.Open(
                folder.Root, genesis.Hash, key.PublicKey,
                ledgerHasBlocks: store.Head?.Height > Height.Genesis);
            store.Accompany(journal);
            return new(genesis, key, folder, store, journal, told, isWitness);
        }
        catch
        {
            journal?.Dispose();
            store?.Dispose();
            folder?.Dispose();
            key.Dispose();
            throw;
        }
    }

    public static Genesis ReadGenesis(NodeOptions options)
    {
        try
        {
            return GenesisFile.Parse(BoundedFile.ReadText(options.GenesisFile, GenesisFile.BytesMax));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException([$"genesisFile: {exception.Message}"]);
        }
        catch (GenesisException exception)
        {
            throw new ConfigurationException([$"genesisFile {options.GenesisFile}: {exception.Message}"]);
        }
    }

    public static SigningKey ReadKey(NodeOptions options)
    {
        try
        {
            var passphrase = options.PassphraseFile is { } file
                ? new StringReader(BoundedFile.ReadText(file, PassphraseBytesMax)).ReadLine()
                : null;
            return KeyFile.Load(options.KeyFile, passphrase);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or KeyFileException)
        {
            throw new ConfigurationException([$"keyFile: {exception.Message}"]);
        }
    }

    /// <summary>
    /// A key that was never a validator's is a mistake, unless its owner says that it is to become one.
    /// </summary>
    public static void CheckMayStart(
        PublicKey key, ValidatorHistory validators, Genesis genesis, NodeOptions options)
    {
        if (validators.LastOf(key) is null && !options.Joins)
        {
            throw new ConfigurationException(
            [
                $"keyFile: {options.KeyFile} holds the key {key}, which is none of the validators of chain "
                    + $"'{genesis.ChainId}' in {options.GenesisFile}; where an admin is to add it, set "
                    + "peers.join to yes",
            ]);
        }
    }

    /// <summary>
    /// What a witness has promised speaks of blocks that it does not have, and a validator's journal counts
    /// on its ledger: neither can go on in the other's folder.
    /// </summary>
    private static void CheckFolderSuits(bool isWitness, MembersWord? told, LedgerStore store, string root)
    {
        if (isWitness && store.Head?.Height > Height.Genesis)
        {
            throw new ConfigurationException(
            [
                $"dataDir: {root} holds blocks, and this key is a witness's, which keeps none; give it an "
                + "empty folder",
            ]);
        }

        if (!isWitness && told is not null)
        {
            throw new ConfigurationException(
            [
                $"dataDir: {root} is a witness's, and this key is that of a validator which keeps blocks; "
                + "give it an empty folder",
            ]);
        }
    }

    /// <summary>
    /// Where the other validators are, by their names; the ledger says where those are that came later. Who
    /// is still to join may know nothing but the genesis: what it was told of later validators is of use once
    /// it knows them.
    /// </summary>
    public static IReadOnlyList<PeerEndpoint> PeersOf(
        NodeOptions options, ValidatorHistory validators, Genesis genesis)
    {
        List<string> faults = [];
        List<PeerEndpoint> peers = [];
        foreach (var (name, (host, port)) in options.PeerEndpoints)
        {
            if (validators.FindByName(name) is { } seat)
            {
                peers.Add(new(seat, host, port));
            }
            else if (!options.Joins)
            {
                faults.Add(
                    $"peers.endpoints.{name}: no validator of chain '{genesis.ChainId}' has this name");
            }
        }

        return faults.Count == 0 ? peers : throw new ConfigurationException(faults);
    }

    private static ValidatorHistory ValidatorsIn(Genesis genesis, LedgerStore store)
        => store.Head is null
        ? ValidatorHistory.Of(genesis) : ValidatorHistory.Read(genesis, key => store.ReadState(key));

    public void Dispose()
    {
        Journal.Dispose();
        Store.Dispose();
        _folder.Dispose();
        Key.Dispose();
    }
}
